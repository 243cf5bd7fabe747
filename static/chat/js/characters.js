/** Entry of the character picker: a card opens a room. */
import { toast } from "mary/announce";
import { request } from "mary/api";
import { roomAddress } from "mary/page";

for (const button of document.querySelectorAll("[data-character]")) {
  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      const counsel = await request("POST", "counsels/", { character_id: button.dataset.character });
      location.assign(roomAddress(counsel.id));
    } catch (error) {
      button.disabled = false;
      toast(error.message);
    }
  });
}
