/** Messages that the server has not acknowledged. Each keeps its id, so that sending it twice stores it once. */

/** @typedef {import("./types.js").Unsent} Unsent */

/** Refusals that pass by themselves; everything else waits for the user. */
const PASSING_CODES = new Set(["unavailable", "too_frequent", "room_busy"]);
const RETRY_SECONDS = 3;

export class Outbox {
  /**
   * @param {object} options
   * @param {{readAll: () => string[], write: (id: string, value: string) => unknown}} options.shelf
   * @param {(text: string) => {code: string, message: string}|null} options.findFault why this must not even be sent
   * @param {(unsent: Unsent) => boolean} options.deliver false while there is no connection
   * @param {() => void} options.onChange
   */
  constructor({ shelf, findFault, deliver, onChange }) {
    this.shelf = shelf;
    this.findFault = findFault;
    this.deliver = deliver;
    this.onChange = onChange;
    /** @type {Unsent[]} */
    this.items = shelf.readAll().map((value) => JSON.parse(value)).sort((a, b) => (a.dt < b.dt ? -1 : 1));
  }

  /** @param {string} text */
  add(text) {
    const unsent = { client_msg_id: crypto.randomUUID(), text, dt: new Date().toISOString(), error: null };
    this.items.push(unsent);
    this.#save(unsent);
    this.#send(unsent);
  }

  /** After (re)connecting: everything that was not refused goes out again, in order. */
  flush() {
    for (const unsent of this.items) if (!unsent.error) this.#send(unsent);
  }

  /** @param {string} id */
  retry(id) {
    const unsent = this.#find(id);
    if (!unsent) return;
    unsent.error = null;
    this.#save(unsent);
    this.#send(unsent);
  }

  /** Acknowledged, or taken back. @param {string|null} id @returns {Unsent|undefined} */
  remove(id) {
    const unsent = this.#find(id);
    if (!unsent) return undefined;
    this.items = this.items.filter((item) => item !== unsent);
    this.shelf.write(unsent.client_msg_id, "");
    this.onChange();
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
      setTimeout(() => this.#find(id) === unsent && !unsent.error && this.#send(unsent), (retryAfterSeconds ?? RETRY_SECONDS) * 1000);
    } else {
      this.#fail(unsent, error);
    }
    return true;
  }

  /** What is known to be refused stays here, with its reason, for the user to change. @param {Unsent} unsent */
  #send(unsent) {
    const fault = this.findFault(unsent.text);
    if (fault) this.#fail(unsent, fault);
    else this.deliver(unsent);
  }

  #fail(unsent, error) {
    unsent.error = error;
    this.#save(unsent);
  }

  #find(id) {
    return this.items.find((item) => item.client_msg_id === id);
  }

  /** @param {Unsent} unsent */
  #save(unsent) {
    this.shelf.write(unsent.client_msg_id, JSON.stringify(unsent));
    this.onChange();
  }
}
