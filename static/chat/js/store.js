/** What is known of one room. Pure: no network, no page. Rules: newest version wins, deltas are contiguous. */
import { countCodePoints } from "mary/limits";

/** @typedef {import("./types.js").Dialog} Dialog */
/** @typedef {import("./types.js").Reply} Reply */
/** @typedef {import("./types.js").LiveText} LiveText */

/** @param {Reply} reply */
export const isLive = (reply) => reply.state === "queued" || reply.state === "running";

export class RoomStore {
  constructor() {
    this.clear();
  }

  clear() {
    /** Every dialog up to this version has been seen; what `room.open` names. */
    this.version = 0;
    this.hasOlder = false;
    /** @type {Map<string, Dialog>} */
    this.dialogs = new Map();
    /** @type {Map<string, LiveText>} */
    this.live = new Map();
  }

  /**
   * A page of history, read by the server in one snapshot. Only the newest page says what version is seen.
   * @param {{version: number, has_more: boolean, dialogs: Dialog[]}} history
   * @param {{isNewest: boolean}} options
   */
  takeHistory(history, { isNewest }) {
    for (const dialog of history.dialogs) this.#take(dialog);
    this.hasOlder = history.has_more;
    if (isNewest) this.see(history.version);
  }

  /** @param {number} version */
  see(version) {
    this.version = Math.max(this.version, version);
  }

  /**
   * Idempotent; false for a dialog that is older than the one held, and for one before the pages of history that are
   * here: alone it would look as if nothing lay between. Its page brings it.
   * @param {Dialog} dialog
   */
  upsert(dialog) {
    const firstSeq = this.hasOlder ? this.listDialogs()[0].seq : 0;
    return dialog.seq >= firstSeq && this.#take(dialog);
  }

  /** @param {Dialog} dialog */
  #take(dialog) {
    const held = this.dialogs.get(dialog.id);
    if (held && dialog.version < held.version) return false;
    this.dialogs.set(dialog.id, dialog);
    for (const reply of dialog.replies) this.#settle(reply);
    return true;
  }

  /** @param {Reply} reply */
  #settle(reply) {
    if (!isLive(reply)) this.live.delete(reply.id);
    else if ((this.live.get(reply.id)?.attempt ?? -1) < reply.attempt) this.#begin(reply.id, reply.attempt);
  }

  #begin(replyId, attempt) {
    const live = { attempt, text: "", length: 0, position: null, isWorkerAlive: true };
    this.live.set(replyId, live);
    return live;
  }

  /** A new attempt voids the text of the older one. @param {string} replyId @param {number} attempt */
  start(replyId, attempt) {
    const live = this.live.get(replyId);
    if (!live || attempt < live.attempt) return false;
    if (attempt > live.attempt) this.#begin(replyId, attempt);
    else Object.assign(live, { position: null, isWorkerAlive: true });
    return true;
  }

  /**
   * @param {{reply_id: string, attempt: number, offset: number, text: string}} delta
   * @returns {"appended"|"ignored"|"gap"} on a gap, open the room again: the log replays from what is held
   */
  append(delta) {
    if (!this.start(delta.reply_id, delta.attempt)) return "ignored";
    const live = /** @type {LiveText} */ (this.live.get(delta.reply_id));
    if (delta.offset > live.length) return "gap";
    const fresh = [...delta.text].slice(live.length - delta.offset).join("");
    if (!fresh) return "ignored";
    live.text += fresh;
    live.length += countCodePoints(fresh);
    return "appended";
  }

  /** @param {{reply_id: string, position: number, is_worker_alive: boolean}} frame */
  place(frame) {
    const live = this.live.get(frame.reply_id);
    if (!live) return false;
    live.position = frame.position;
    live.isWorkerAlive = frame.is_worker_alive;
    return true;
  }

  /** @returns {Dialog[]} oldest first */
  listDialogs() {
    return [...this.dialogs.values()].sort((a, b) => a.seq - b.seq);
  }

  /** @param {string} replyId */
  findDialogOf(replyId) {
    return this.listDialogs().find((dialog) => dialog.replies.some((reply) => reply.id === replyId));
  }

  /** @returns {Reply|undefined} the reply that is waiting or being written */
  findLiveReply() {
    return this.listDialogs().flatMap((dialog) => dialog.replies).findLast(isLive);
  }

  /** What of the live replies is already here, for `room.open`. */
  listCursors() {
    return [...this.live].map(([reply_id, live]) => ({ reply_id, attempt: live.attempt, offset: live.length }));
  }
}
