/** Opens the room on the socket, and again after a while where the server could not. */
import { waitBefore } from "mary/retry";

/** Refusals that pass by themselves. */
const PASSING_CODES = new Set(["unavailable", "too_frequent", "internal"]);

export class Opening {
  #ref = "";
  #failures = 0;
  #timer = 0;

  /** @param {(ref: string) => void} send the frame, with this `ref` */
  constructor(send) {
    this.send = send;
  }

  open() {
    clearTimeout(this.#timer);
    this.#ref = crypto.randomUUID();
    this.send(this.#ref);
  }

  /** The room is open. */
  succeed() {
    clearTimeout(this.#timer);
    this.#failures = 0;
  }

  /**
   * @param {{ref: string|null, code: string, retry_after_seconds?: number}} error
   * @returns {boolean} whether it refused this opening and is taken care of
   */
  refuse({ ref, code, retry_after_seconds: seconds = 0 }) {
    if (ref !== this.#ref || !PASSING_CODES.has(code)) return false;
    this.#failures += 1;
    this.#timer = setTimeout(() => this.open(), seconds * 1000 + waitBefore(this.#failures));
    return true;
  }
}
