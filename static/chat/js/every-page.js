/** Entry of the plain pages: the brightness switch, and drafts that leave with the user. */
import { guardKeepsakes } from "mary/keepsakes";
import { startThemeSwitch } from "mary/theme";

startThemeSwitch();
guardKeepsakes();
