/** On a narrow screen the list of rooms is a drawer: the talk behind it rests while it is open. */
import { h } from "mary/dom";
import { t } from "mary/page";

export function startDrawer() {
  const opener = document.querySelector("[data-drawer-open]");
  const closer = document.querySelector("[data-drawer-close]");
  const talk = document.getElementById("talk");
  const scrim = h("button", { class: "scrim", type: "button", "aria-label": t("close_list"), tabindex: -1 });

  const setOpen = (isOpen) => {
    document.body.dataset.drawer = isOpen ? "open" : "";
    opener.setAttribute("aria-expanded", String(isOpen));
    talk.inert = isOpen;
    if (isOpen) document.body.append(scrim);
    else scrim.remove();
    (isOpen ? closer : opener).focus();
  };

  opener.addEventListener("click", () => setOpen(true));
  closer.addEventListener("click", () => setOpen(false));
  scrim.addEventListener("click", () => setOpen(false));
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && document.body.dataset.drawer === "open" && !document.querySelector("dialog[open]")) setOpen(false);
  });
  matchMedia("(min-width: 56.01rem)").addEventListener("change", () => {
    if (document.body.dataset.drawer === "open") setOpen(false);
  });
}
