/**
 * What this browser keeps for a user between visits: drafts and unsent messages. Logging out clears all of it, and so
 * does another user who logs in. A session that only ran out clears nothing: whoever comes back goes on.
 */

const EVERYBODY = "mary:user:";
const prefixOf = (userId) => `${EVERYBODY}${userId}:`;

/**
 * @param {string} userId
 * @param {string} name such as `draft:<counsel id>`
 */
export function openKeepsake(userId, name) {
  const key = prefixOf(userId) + name;
  return {
    read: () => localStorage.getItem(key) ?? "",
    /** @param {string} value the empty string removes it */
    write: (value) => (value ? localStorage.setItem(key, value) : localStorage.removeItem(key)),
  };
}

/**
 * Several keepsakes of one kind, each under its own key, so that two tabs never write over each other's.
 * @param {string} userId
 * @param {string} name such as `outbox:<counsel id>`
 */
export function openShelf(userId, name) {
  const open = (id) => openKeepsake(userId, `${name}:${id}`);
  const prefix = prefixOf(userId) + `${name}:`;
  return {
    /** @returns {string[]} */
    readAll: () => listKeys(prefix).map((key) => open(key.slice(prefix.length)).read()),
    /** @param {string} id @param {string} value the empty string removes it */
    write: (id, value) => open(id).write(value),
  };
}

const listKeys = (prefix) => Object.keys(localStorage).filter((key) => key.startsWith(prefix));

/** @param {string} userId */
export function clearKeepsakes(userId) {
  for (const key of listKeys(prefixOf(userId))) localStorage.removeItem(key);
}

/** On a page of somebody who is logged in: what others left goes now, what this user leaves goes at logout. */
export function guardKeepsakes() {
  for (const form of document.querySelectorAll("form[data-logout]")) {
    const userId = form.dataset.user ?? "";
    const others = listKeys(EVERYBODY).filter((key) => !key.startsWith(prefixOf(userId)));
    for (const key of others) localStorage.removeItem(key);
    form.addEventListener("submit", () => clearKeepsakes(userId));
  }
}
