/** One WebSocket that comes back by itself: exponential backoff with full jitter, and at once when the network does. */
import { waitBefore } from "mary/retry";

const PING_EVERY_MILLISECONDS = 20_000;
const PONG_WITHIN_MILLISECONDS = 8_000;

/** Closings after which trying again by itself makes no sense. */
const FINAL_CODES = new Set([4401, 4429]);

/** @typedef {{name: "connecting"|"open"|"waiting"} | {name: "closed", code: number}} LinkState */

export class Socket {
  #failures = 0;
  /** @type {WebSocket|null} */
  #socket = null;
  #retryTimer = 0;
  #pingTimer = 0;
  #deathTimer = 0;

  /** @param {{address: string, onFrame: (frame: any) => void, onState: (state: LinkState) => void}} options */
  constructor({ address, onFrame, onState }) {
    this.address = address;
    this.onFrame = onFrame;
    this.onState = onState;
  }

  start() {
    addEventListener("online", () => this.retryNow());
    addEventListener("offline", () => this.#drop());
    addEventListener("pagehide", () => this.#socket?.close());
    addEventListener("pageshow", (event) => event.persisted && this.retryNow());
    document.addEventListener("visibilitychange", () => document.hidden || this.#ping());
    this.#connect();
  }

  /** Try at once, unless a connection is there or on its way. */
  retryNow() {
    if (this.#socket && this.#socket.readyState <= WebSocket.OPEN) return;
    clearTimeout(this.#retryTimer);
    this.#connect();
  }

  /** @param {object} frame @returns {boolean} whether it could be handed over */
  send(frame) {
    if (this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(JSON.stringify(frame));
    return true;
  }

  #connect() {
    this.onState({ name: "connecting" });
    const socket = new WebSocket(this.address);
    this.#socket = socket;
    socket.onmessage = (event) => this.#take(JSON.parse(event.data));
    socket.onclose = (event) => socket === this.#socket && this.#lose(event.code);
  }

  #take(frame) {
    clearTimeout(this.#deathTimer);
    this.#deathTimer = 0;
    if (frame.type === "hello") {
      this.#failures = 0;
      clearInterval(this.#pingTimer);
      this.#pingTimer = setInterval(() => this.#ping(), PING_EVERY_MILLISECONDS);
      this.onState({ name: "open" });
    }
    this.onFrame(frame);
  }

  /** A dead network closes nothing by itself: no answer to a ping in time means the line is gone. */
  #ping() {
    if (!this.send({ type: "ping" })) return this.retryNow();
    this.#deathTimer ||= setTimeout(() => this.#drop(), PONG_WITHIN_MILLISECONDS);
  }

  #drop() {
    const socket = this.#socket;
    if (!socket) return;
    this.#lose(1006);
    socket.close();
  }

  #lose(code) {
    this.#socket = null;
    clearInterval(this.#pingTimer);
    clearTimeout(this.#deathTimer);
    clearTimeout(this.#retryTimer);
    this.#deathTimer = 0;
    if (FINAL_CODES.has(code)) return this.onState({ name: "closed", code });
    this.onState({ name: "waiting" });
    this.#retryTimer = setTimeout(() => this.#connect(), waitBefore(this.#failures));
    this.#failures += 1;
  }
}
