/** What this browser keeps for a user between visits: drafts and unsent messages. Logging out clears all of it. */

const prefixOf = (userId) => `mary:user:${userId}:`;

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

/** @param {string} userId */
export function clearKeepsakes(userId) {
  const mine = Object.keys(localStorage).filter((key) => key.startsWith(prefixOf(userId)));
  for (const key of mine) localStorage.removeItem(key);
}

export function clearKeepsakesAtLogout() {
  for (const form of document.querySelectorAll("form[data-logout]")) {
    form.addEventListener("submit", () => clearKeepsakes(form.dataset.user ?? ""));
  }
}
