/** Sending an expert's act to the server: JSON out, JSON in, every refusal with words for the person. */

export class Refusal extends Error {
  /** @param {string} code @param {string} message */
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

/**
 * @param {string} url
 * @param {object} body
 * @param {{offline: string, login: string}} words
 * @returns {Promise<{html?: string, is_empty?: boolean, is_held?: boolean}>}
 */
export async function post(url, body, words) {
  const response = await fetch(url, {
    method: "POST",
    credentials: "same-origin",
    redirect: "manual",
    headers: { "Content-Type": "application/json", "X-CSRFToken": readCsrfToken() },
    body: JSON.stringify(body),
  }).catch(() => null);
  if (response === null) throw new Refusal("offline", words.offline);
  const answer = await response.json().catch(() => null);
  if (answer?.error) throw new Refusal(answer.error.code, answer.error.message);
  if (response.ok && answer) return answer;
  const isSentAway = response.type === "opaqueredirect" || response.status === 403;
  throw new Refusal("failed", isSentAway ? words.login : words.offline);
}

/** Standing in the page's log-out form, so that no cookie has to be readable. */
function readCsrfToken() {
  return document.querySelector("[name=csrfmiddlewaretoken]")?.value ?? "";
}
