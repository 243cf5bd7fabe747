/** Messages that the server has not acknowledged. Each keeps its id, so that sending it twice stores it once. */

/** @typedef {import("./types.js").Unsent} Unsent */

/** Refusals that pass by themselves; everything else waits for the user. */
const PASSING_CODES = new Set(["unavailable", "too_frequent", "room_busy"]);
const RETRY_SECONDS = 3;

export class Outbox {
  /**
   * @param {object} options
   * @param {{read: () => string, write: (value: string) => unknown}} options.keepsake
   * @param {(unsent: Unsent) => boolean} options.deliver false while there is no connection
   * @param {() => void} options.onChange
   */
  constructor({ keepsake, deliver, onChange }) {
    this.keepsake = keepsake;
    this.deliver = deliver;
    this.onChange = onChange;
    /** @type {Unsent[]} */
    this.items = JSON.parse(keepsake.read() || "[]");
  }

  /** @param {string} text */
  add(text) {
    const unsent = { client_msg_id: crypto.randomUUID(), text, dt: new Date().toISOString(), error: null };
    this.items.push(unsent);
    this.#save();
    this.deliver(unsent);
  }

  /** After (re)connecting: everything that was not refused goes out again, in order. */
  flush() {
    for (const unsent of this.items) if (!unsent.error) this.deliver(unsent);
  }

  /** @param {string} id */
  retry(id) {
    const unsent = this.#find(id);
    if (!unsent) return;
    unsent.error = null;
    this.#save();
    this.deliver(unsent);
  }

  /** Acknowledged, or taken back. @param {string|null} id @returns {Unsent|undefined} */
  remove(id) {
    const unsent = this.#find(id);
    if (!unsent) return undefined;
    this.items = this.items.filter((item) => item !== unsent);
    this.#save();
    return unsent;
  }

  /**
   * @param {string} id
   * @param {{code: string, message: string}} error
   * @param {number} [retryAfterSeconds]
   */
  refuse(id, error, retryAfterSeconds) {
    const unsent = this.#find(id);
    if (!unsent) return false;
    if (PASSING_CODES.has(error.code)) {
      setTimeout(() => this.#find(id) && this.deliver(unsent), (retryAfterSeconds ?? RETRY_SECONDS) * 1000);
    } else {
      unsent.error = error;
      this.#save();
    }
    return true;
  }

  #find(id) {
    return this.items.find((item) => item.client_msg_id === id);
  }

  #save() {
    this.keepsake.write(this.items.length ? JSON.stringify(this.items) : "");
    this.onChange();
  }
}
