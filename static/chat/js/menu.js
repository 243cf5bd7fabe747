/** A small menu beside the button that opened it; a native popover, so Escape and a click elsewhere close it. */
import { h, icon } from "mary/dom";

/**
 * @typedef {{icon: string, label: string, isDanger?: boolean, run: () => void}} MenuItem
 * @param {HTMLElement} opener
 * @param {MenuItem[]} items
 */
export function openMenu(opener, items) {
  const menu = h("div", { class: "menu", popover: "auto", role: "menu" });
  menu.append(...items.map((item) => buildItem(menu, item)));
  (opener.closest("main, aside") ?? document.body).append(menu);
  menu.addEventListener("keydown", (event) => moveFocus(menu, event));
  menu.addEventListener("toggle", (event) => {
    if (event.newState === "open") return;
    opener.setAttribute("aria-expanded", "false");
    menu.remove();
    if (document.activeElement === document.body) opener.focus();
  });
  menu.showPopover();
  placeMenu(menu, opener);
  opener.setAttribute("aria-expanded", "true");
  menu.querySelector("button")?.focus();
}

function buildItem(menu, item) {
  const run = () => {
    menu.hidePopover();
    item.run();
  };
  const look = item.isDanger ? "is-danger" : "";
  return h("button", { class: look, type: "button", role: "menuitem", click: run }, icon(item.icon), item.label);
}

function placeMenu(menu, opener) {
  const beside = opener.getBoundingClientRect();
  const size = menu.getBoundingClientRect();
  const left = Math.min(Math.max(8, beside.right - size.width), innerWidth - size.width - 8);
  const isRoomBelow = beside.bottom + size.height + 8 < innerHeight;
  menu.style.left = `${left}px`;
  menu.style.top = `${isRoomBelow ? beside.bottom + 4 : beside.top - size.height - 4}px`;
}

function moveFocus(menu, event) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step) return;
  event.preventDefault();
  const buttons = [...menu.querySelectorAll("button")];
  const next = buttons.indexOf(document.activeElement) + step;
  buttons[(next + buttons.length) % buttons.length].focus();
}
