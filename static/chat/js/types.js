/**
 * The shapes that cross the wire; docs/protocol.md specifies them.
 *
 * @typedef {{ko: string, en: string}} Wording
 * @typedef {{code: string, message: Wording}} WireError
 * @typedef {{value: "up"|"down", reasons: string[], comment: string}} Feedback
 * @typedef {{number: string, name: Wording, hours: Wording, tel: string, sms: string|null}} CrisisLine
 * @typedef {{code: string, title: Wording, body: Wording, lines: CrisisLine[]}} CrisisCard
 * @typedef {{level: number, card: CrisisCard}} Crisis
 *
 * @typedef {object} Reply
 * @property {string} id
 * @property {number} number
 * @property {"queued"|"running"|"done"|"stopped"|"failed"} state
 * @property {number} attempt
 * @property {string} text empty while the reply is live
 * @property {WireError|null} error
 * @property {string} dt_queued
 * @property {string|null} dt_finished
 * @property {Feedback|null} feedback
 *
 * @typedef {object} Dialog
 * @property {string} id
 * @property {string} counsel_id
 * @property {number} seq
 * @property {number} version
 * @property {string} dt_dialog
 * @property {string|null} client_msg_id
 * @property {string} u_message
 * @property {string} ai_message
 * @property {string|null} chosen_reply_id
 * @property {Crisis|null} crisis
 * @property {Reply[]} replies
 *
 * @typedef {object} LiveText what has streamed in of a reply that is not finished
 * @property {number} attempt
 * @property {string} text
 * @property {number} length in code points
 * @property {number|null} position
 * @property {boolean} isWorkerAlive
 *
 * @typedef {object} Unsent
 * @property {string} client_msg_id
 * @property {string} text
 * @property {string} dt
 * @property {{code: string, message: string}|null} error why it was refused; null while it may still go out
 */
export {};
