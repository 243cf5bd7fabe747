/** Reads the stored turns over REST, and goes on trying while the server or the network is away. */
import { toast } from "mary/announce";
import { request } from "mary/api";
import { page, t } from "mary/page";
import { sleep, waitBefore } from "mary/retry";

/** Failures that pass by themselves. */
const PASSING_CODES = new Set(["offline", "unavailable", "too_frequent", "internal"]);

export class History {
  #run = 0;

  /** @param {import("./store.js").RoomStore} store */
  constructor(store) {
    this.store = store;
  }

  /**
   * The newest page, however long it takes.
   * @param {() => void} [prepare] runs when the page is there and before the store takes it
   * @returns {Promise<boolean>} false when a later call has taken over, or when trying on makes no sense
   */
  async loadNewest(prepare) {
    const run = ++this.#run;
    const newest = await this.#read("", () => run === this.#run);
    if (!newest || run !== this.#run) return false;
    prepare?.();
    this.store.takeHistory(newest, { isNewest: true });
    return true;
  }

  /** The page before what is held; once, because the button stays for another try. */
  async loadOlder() {
    const firstSeq = this.store.listDialogs()[0]?.seq;
    try {
      const older = await request("GET", this.#address(`?before_seq=${firstSeq}`));
      this.store.takeHistory(older, { isNewest: false });
    } catch (error) {
      toast(error.message);
    }
  }

  async #read(query, isWanted) {
    for (let failures = 0; isWanted(); failures += 1) {
      try {
        return await request("GET", this.#address(query));
      } catch (error) {
        const mayPass = PASSING_CODES.has(error.code);
        if (failures === 0 || !mayPass) toast(mayPass ? t("history_late") : error.message);
        if (!mayPass) return null;
      }
      await sleep(waitBefore(failures + 1));
    }
    return null;
  }

  #address(query) {
    return `counsels/${page.counsel_id}/dialogs/${query}`;
  }
}
