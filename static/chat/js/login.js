/** Whether the login still holds after the server closed a socket as not logged in. */
import { goToLogin, request } from "mary/api";
import { page } from "mary/page";
import { sleep, waitBefore } from "mary/retry";

/** A changed password ends the sockets and keeps this browser's session. A server that ends them time and again is left alone. */
const MOST_TRIES = 6;
const LOST_CODES = new Set(["not_authenticated", "permission_denied"]);

export class LoginCheck {
  #tries = 0;
  #isRunning = false;

  /** @param {() => void} reconnect */
  constructor(reconnect) {
    this.reconnect = reconnect;
  }

  /** The server has let a socket in. */
  succeed() {
    this.#tries = 0;
  }

  /** Reconnect, or leave for the login page. Drafts and unsent messages stay: whoever logs in again finds them. */
  async run() {
    if (this.#isRunning || this.#tries === MOST_TRIES) return;
    this.#isRunning = true;
    if (this.#tries > 0) await sleep(waitBefore(this.#tries));
    this.#tries += 1;
    const userId = await this.#findUser();
    this.#isRunning = false;
    if (userId === null) goToLogin();
    else if (userId === page.user_id) this.reconnect();
    else location.assign(page.urls.home);
  }

  /** @returns {Promise<string|null>} who is logged in on this browser, as soon as the server can say */
  async #findUser() {
    for (let failures = 1; ; failures += 1) {
      try {
        return (await request("GET", "me/")).id;
      } catch (error) {
        if (LOST_CODES.has(error.code)) return null;
      }
      await sleep(waitBefore(failures));
    }
  }
}
