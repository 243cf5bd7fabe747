/** The list of rooms: search, paging, and what can be done to each: rename, end, delete. */
import { toast } from "mary/announce";
import { request } from "mary/api";
import { ask } from "mary/ask";
import { h, iconButton, reconcile } from "mary/dom";
import { openMenu } from "mary/menu";
import { page, roomAddress, t } from "mary/page";
import { briefTime } from "mary/times";

/**
 * @typedef {{id: string, character: {name: string, portrait_url: string}, title: string, dt_end: string|null,
 *   dt_changed: string, preview: string}} Counsel
 */

const SEARCH_AFTER_MILLISECONDS = 250;
const TITLE_CHARACTERS = 60;

/** @param {Counsel} counsel */
const nameOf = (counsel) => counsel.title || counsel.character.name;

export class RoomList {
  /** @type {Counsel[]} */
  #counsels = [];
  #words = "";
  /** @type {string|null} */
  #next = null;
  #timer = 0;
  #run = 0;

  /** @param {{onRenamed: (title: string) => void, onEnded: () => void}} current what happens to the room on the page */
  constructor(current) {
    this.current = current;
    this.list = document.querySelector("[data-room-list]");
    this.note = document.querySelector("[data-room-note]");
    this.more = document.querySelector("[data-room-more]");
    this.more.addEventListener("click", () => this.#loadMore());
    const search = document.querySelector("[data-room-search]");
    search.addEventListener("submit", (event) => event.preventDefault());
    search.addEventListener("input", (event) => this.#searchSoon(event.target.value));
    document.addEventListener("visibilitychange", () => document.hidden || this.refresh());
  }

  /** Read the list again; an answer that a newer question overtook is dropped. */
  async refresh() {
    const run = ++this.#run;
    try {
      const answer = await request("GET", `counsels/?q=${encodeURIComponent(this.#words)}`);
      if (run !== this.#run) return;
      this.#counsels = answer.results;
      this.#next = answer.next;
      this.#render();
    } catch (error) {
      this.#say(error.message);
    }
  }

  /** For the menu in the head of the talk. @param {HTMLElement} opener @param {Counsel} counsel */
  openMenuFor(opener, counsel) {
    const items = [{ icon: "pencil", label: t("rename"), run: () => this.#rename(counsel) }];
    if (!counsel.dt_end) items.push({ icon: "door", label: t("end_room"), run: () => this.#end(counsel) });
    openMenu(opener, [...items, { icon: "trash", label: t("delete_room"), isDanger: true, run: () => this.#delete(counsel) }]);
  }

  #searchSoon(words) {
    this.#words = words.trim();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.refresh(), SEARCH_AFTER_MILLISECONDS);
  }

  async #loadMore() {
    const cursor = new URL(this.#next, location.href).search;
    try {
      const answer = await request("GET", `counsels/${cursor}`);
      this.#counsels.push(...answer.results);
      this.#next = answer.next;
      this.#render();
    } catch (error) {
      toast(error.message);
    }
  }

  #render() {
    reconcile(this.list, this.#counsels.map((counsel) => this.#buildRow(counsel)));
    this.more.parentElement.hidden = !this.#next;
    this.#say(this.#counsels.length ? "" : t(this.#words ? "no_room_found" : "no_room_yet"));
  }

  #say(words) {
    this.note.hidden = !words;
    this.note.textContent = words;
  }

  #buildRow(counsel) {
    const isHere = counsel.id === page.counsel_id;
    const opener = iconButton("dots", t("room_menu_of", { name: nameOf(counsel) }), { "aria-haspopup": "menu", "aria-expanded": "false" });
    opener.addEventListener("click", () => this.openMenuFor(opener, counsel));
    return h(
      "li",
      { class: "room-row", "data-has-menu": true },
      h(
        "a",
        { href: roomAddress(counsel.id), "aria-current": isHere && "page" },
        h("img", { src: counsel.character.portrait_url, alt: "", width: 36, height: 36 }),
        h("span", { class: "room-name" }, nameOf(counsel)),
        h("time", { datetime: counsel.dt_changed }, briefTime(counsel.dt_changed)),
        h("span", { class: "room-preview" }, counsel.dt_end && h("span", { class: "tag tag--open" }, t("ended")), counsel.dt_end && " ", counsel.preview),
      ),
      opener,
    );
  }

  async #rename(counsel) {
    const input = { label: t("rename_label"), value: nameOf(counsel), maxlength: TITLE_CHARACTERS };
    const title = await ask({ title: t("rename_title"), yes: t("rename_yes"), input });
    if (!title?.trim()) return;
    const isDone = await this.#change("PATCH", `counsels/${counsel.id}/`, { title: title.trim() });
    if (isDone && counsel.id === page.counsel_id) this.current.onRenamed(title.trim());
  }

  async #end(counsel) {
    const answer = await ask({ title: t("end_title"), body: t("end_body"), yes: t("end_yes") });
    if (answer === null) return;
    const isDone = await this.#change("POST", `counsels/${counsel.id}/end/`);
    if (isDone && counsel.id === page.counsel_id) this.current.onEnded();
  }

  async #delete(counsel) {
    const answer = await ask({ title: t("delete_title"), body: t("delete_body"), yes: t("delete_yes"), isDanger: true });
    if (answer === null) return;
    const isDone = await this.#change("DELETE", `counsels/${counsel.id}/`);
    if (isDone && counsel.id === page.counsel_id) location.assign(page.urls.home);
  }

  async #change(method, path, body) {
    try {
      await request(method, path, body);
    } catch (error) {
      toast(error.message);
      return false;
    }
    await this.refresh();
    return true;
  }
}
