/** Entry of the chat page: joins the socket, the store and what is seen. Frames: docs/protocol.md. */
import { announce, toast } from "mary/announce";
import { request } from "mary/api";
import { Composer } from "mary/composer";
import { startDrawer } from "mary/drawer";
import { clearKeepsakes, clearKeepsakesAtLogout, openKeepsake } from "mary/keepsakes";
import { LinkNote } from "mary/link";
import { Outbox } from "mary/outbox";
import { inLanguage, page, t } from "mary/page";
import { RoomList } from "mary/rooms";
import { Socket } from "mary/socket";
import { RoomStore, isLive } from "mary/store";
import { Talk } from "mary/talk";
import { startThemeSwitch } from "mary/theme";

const RESYNC_AFTER_MILLISECONDS = 1000;

const store = new RoomStore();
const outbox = new Outbox({
  keepsake: openKeepsake(page.user_id, `outbox:${page.counsel_id}`),
  deliver: ({ client_msg_id, text }) =>
    socket.send({ type: "message.send", ref: client_msg_id, counsel_id: page.counsel_id, client_msg_id, text }),
  onChange: () => talk.renderSoon(),
});
const talk = new Talk(store, outbox, {
  regenerate: (dialog_id) => sendOrSay({ type: "reply.regenerate", dialog_id, client_msg_id: crypto.randomUUID() }),
  choose: (reply_id) => sendOrSay({ type: "reply.choose", reply_id }),
  retry: (id) => outbox.retry(id),
  takeBack: (id) => composer?.putBack(outbox.remove(id)?.text ?? ""),
  loadOlder: () => loadHistory(store.listDialogs()[0]?.seq),
});
const composer = buildComposer();
const rooms = new RoomList({ onRenamed: showTitle, onEnded: showEnd });
const scheme = location.protocol === "https:" ? "wss:" : "ws:";
const socket = new Socket({ address: `${scheme}//${location.host}${page.urls.socket}`, onFrame: takeFrame, onState: showLink });
const link = new LinkNote(() => socket.retryNow());

/** @type {Record<string, (frame: any) => void>} */
const FRAMES = {
  hello: () => openRoom(),
  "room.opened": (frame) => {
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
    onStop: () => sendOrSay({ type: "reply.stop", reply_id: store.findLiveReply()?.id }),
  });
}

function takeFrame(frame) {
  FRAMES[frame.type]?.(frame);
}

function openRoom() {
  socket.send({ type: "room.open", counsel_id: page.counsel_id, version: store.version, replies: store.listCursors() });
}

async function loadHistory(beforeSeq) {
  const query = beforeSeq === undefined ? "" : `?before_seq=${beforeSeq}`;
  const history = await request("GET", `counsels/${page.counsel_id}/dialogs/${query}`);
  store.takeHistory(history, { isNewest: beforeSeq === undefined });
}

/** The server does not know our version or offset: begin anew from what is stored. */
async function reload() {
  store.clear();
  talk.forgetTurns();
  await loadHistory();
  show();
  openRoom();
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
  if (outcome === "gap") openRoom();
}

function takeError(frame) {
  const error = { code: frame.code, message: inLanguage(frame.message) };
  if (outbox.refuse(frame.ref, error, frame.retry_after_seconds)) return;
  toast(error.message);
  show();
}

function sendOrSay(frame) {
  if (!socket.send({ ref: crypto.randomUUID(), ...frame })) toast(t("offline"));
}

function show() {
  talk.render();
  composer?.setBusy(store.findLiveReply() !== undefined);
}

function showLink(state) {
  if (state.name === "closed" && state.code === 4401) return leave();
  talk.isConnected = state.name === "open";
  talk.renderSoon();
  link.show(state);
}

/** The session ended, here or in another tab. */
function leave() {
  clearKeepsakes(page.user_id);
  location.assign(page.urls.login);
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
  clearKeepsakesAtLogout();
  startDrawer();
  startRoomMenu();
  if (page.is_ended) showEnd();
  rooms.refresh();
  await loadHistory();
  show();
  talk.scrollToEnd();
  socket.start();
  if (matchMedia("(pointer: fine)").matches) composer?.focus();
}

start().catch((error) => toast(error.message));
