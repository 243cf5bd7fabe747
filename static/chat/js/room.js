/** Entry of the chat page: joins the socket, the store and what is seen. Frames: docs/protocol.md. */
import { announce, toast } from "mary/announce";
import { Composer } from "mary/composer";
import { startDrawer } from "mary/drawer";
import { History } from "mary/history";
import { guardKeepsakes, openKeepsake, openShelf } from "mary/keepsakes";
import { isTooLong } from "mary/limits";
import { LinkNote } from "mary/link";
import { LoginCheck } from "mary/login";
import { Opening } from "mary/opening";
import { Outbox } from "mary/outbox";
import { inLanguage, page, t } from "mary/page";
import { sleep } from "mary/retry";
import { RoomList } from "mary/rooms";
import { Socket } from "mary/socket";
import { RoomStore, isLive } from "mary/store";
import { Talk } from "mary/talk";
import { startThemeSwitch } from "mary/theme";

const NOT_LOGGED_IN = 4401;
const RESYNC_AFTER_MILLISECONDS = 1000;
/** A socket that opens after the history brings only what is new; but it does not wait for a history that hangs. */
const HISTORY_FIRST_MILLISECONDS = 3000;

const store = new RoomStore();
const outbox = new Outbox({
  shelf: openShelf(page.user_id, `outbox:${page.counsel_id}`),
  findFault: (text) => {
    const limit = page.limits.message_characters;
    return isTooLong(text, limit) ? { code: "message_too_long", message: t("too_long", { limit }) } : null;
  },
  deliver: ({ client_msg_id, text }) =>
    socket.send({ type: "message.send", ref: client_msg_id, counsel_id: page.counsel_id, client_msg_id, text }),
  onChange: () => talk.renderSoon(),
});
const history = new History(store);
const talk = new Talk(store, outbox, {
  regenerate: (dialog_id) => sendOrSay({ type: "reply.regenerate", dialog_id, client_msg_id: crypto.randomUUID() }),
  choose: (reply_id) => sendOrSay({ type: "reply.choose", reply_id }),
  retry: (id) => outbox.retry(id),
  takeBack: (id) => composer?.putBack(outbox.remove(id)?.text ?? ""),
  loadOlder: () => history.loadOlder(),
});
const composer = buildComposer();
const rooms = new RoomList({ onRenamed: showTitle, onEnded: showEnd });
const scheme = location.protocol === "https:" ? "wss:" : "ws:";
const socket = new Socket({ address: `${scheme}//${location.host}${page.urls.socket}`, onFrame: takeFrame, onState: showLink });
const link = new LinkNote(() => socket.retryNow());
const login = new LoginCheck(() => socket.retryNow());
const opening = new Opening((ref) =>
  socket.send({ type: "room.open", ref, counsel_id: page.counsel_id, version: store.version, replies: store.listCursors() }),
);
let stopRef = "";

/** @type {Record<string, (frame: any) => void>} */
const FRAMES = {
  hello: () => {
    login.succeed();
    opening.open();
  },
  "room.opened": (frame) => {
    opening.succeed();
    composer?.allowStop();
    showRoom(frame);
    outbox.flush();
    talk.welcomeNew();
  },
  "room.changed": (frame) => {
    store.see(frame.version);
    showRoom(frame);
    rooms.refresh();
  },
  "room.gone": () => location.assign(page.urls.home),
  "room.resync": () => setTimeout(reload, RESYNC_AFTER_MILLISECONDS),
  "message.accepted": (frame) => takeDialog(frame.dialog),
  "reply.queued": (frame) => takeDialog(frame.dialog),
  "reply.position": (frame) => store.place(frame) && talk.renderSoon(),
  "reply.started": (frame) => store.start(frame.reply_id, frame.attempt) && talk.renderSoon(),
  "reply.delta": takeDelta,
  "dialog.changed": (frame) => {
    takeDialog(frame.dialog);
    // An answer to our own request may overtake earlier changes; only the room's own order says what has been seen.
    if (!frame.ref) store.see(frame.dialog.version);
  },
  error: takeError,
};

function buildComposer() {
  const form = document.querySelector("[data-composer]");
  return form && new Composer({
    form,
    draft: openKeepsake(page.user_id, `draft:${page.counsel_id}`),
    limit: page.limits.message_characters,
    onSend: (text) => {
      outbox.add(text);
      talk.render();
      talk.scrollToEnd();
    },
    onStop: () => {
      stopRef = crypto.randomUUID();
      return sendOrSay({ type: "reply.stop", ref: stopRef, reply_id: store.findLiveReply()?.id });
    },
  });
}

function takeFrame(frame) {
  FRAMES[frame.type]?.(frame);
}

/** The server does not know our version or offset: what is shown stays until what is stored replaces it. */
async function reload() {
  const isLoaded = await history.loadNewest(() => {
    store.clear();
    talk.forgetTurns();
  });
  if (!isLoaded) return;
  show();
  opening.open();
}

function takeDialog(dialog) {
  if (dialog.counsel_id !== page.counsel_id) return;
  const before = store.dialogs.get(dialog.id);
  outbox.remove(dialog.client_msg_id);
  if (!store.upsert(dialog)) return;
  show();
  for (const reply of dialog.replies) {
    const old = before?.replies.find(({ id }) => id === reply.id);
    if (old && isLive(old) && !isLive(reply)) announceEnd(reply);
  }
  if (dialog.crisis && !before) {
    talk.holdAt(dialog.id);
    announce(inLanguage(dialog.crisis.card.title));
  }
}

/** Once, when it is complete: a screen reader that hears every token hears nothing. */
function announceEnd(reply) {
  const words = { done: "heard_done", stopped: "heard_stopped", failed: "heard_failed" };
  const text = reply.state === "failed" && reply.error ? inLanguage(reply.error.message) : reply.text;
  announce(t(words[reply.state], { name: page.character.name, text }));
  rooms.refresh();
}

function takeDelta(frame) {
  const outcome = store.append(frame);
  if (outcome === "appended") talk.renderSoon();
  if (outcome === "gap") opening.open();
}

function takeError(frame) {
  const error = { code: frame.code, message: inLanguage(frame.message) };
  if (opening.refuse(frame) || outbox.refuse(frame.ref, error, frame.retry_after_seconds)) return;
  if (frame.ref === stopRef) composer?.allowStop();
  toast(error.message);
  show();
}

function sendOrSay(frame) {
  const isSent = socket.send({ ref: crypto.randomUUID(), ...frame });
  if (!isSent) toast(t("offline"));
  return isSent;
}

function show() {
  talk.render();
  composer?.setBusy(store.findLiveReply() !== undefined);
}

function showLink(state) {
  const isShutOut = state.name === "closed" && state.code === NOT_LOGGED_IN;
  if (isShutOut) login.run();
  talk.isConnected = state.name === "open";
  talk.renderSoon();
  link.show(isShutOut ? { name: "waiting" } : state);
}

function showRoom({ title, is_ended: isEnded }) {
  showTitle(title);
  if (isEnded) showEnd();
}

function showTitle(title) {
  page.title = title;
  document.getElementById("room-title").textContent = title || page.character.name;
  document.querySelector("[data-who]").hidden = !title;
}

function showEnd() {
  page.is_ended = true;
  talk.isEnded = true;
  document.querySelector("[data-room-over]").hidden = false;
  if (composer) composer.form.hidden = true;
  talk.renderSoon();
}

function startRoomMenu() {
  const opener = document.querySelector("[data-room-menu]");
  opener.addEventListener("click", () =>
    rooms.openMenuFor(opener, {
      id: page.counsel_id, character: page.character, title: page.title, dt_end: page.is_ended ? "ended" : null, dt_changed: "", preview: "",
    }),
  );
}

async function start() {
  startThemeSwitch();
  guardKeepsakes();
  startDrawer();
  startRoomMenu();
  if (page.is_ended) showEnd();
  rooms.refresh();
  if (matchMedia("(pointer: fine)").matches) composer?.focus();
  await Promise.race([showHistory(), sleep(HISTORY_FIRST_MILLISECONDS)]);
  socket.start();
}

async function showHistory() {
  if (!(await history.loadNewest())) return;
  show();
  talk.scrollToEnd();
}

start().catch((error) => toast(error.message));
