/** Sending an expert's act to the server: JSON out, JSON in, every refusal with words for the person. */

export class Refusal extends Error {
  /** @param {string} code @param {string} message */
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

/**
 * Who logs in again in another window gets another CSRF token, and this page keeps the old one: a 403 without words is
 * answered with the fresh one, once.
 *
 * @param {string} url
 * @param {object} body
 * @param {{offline: string, login: string}} words
 * @returns {Promise<{html?: string, is_empty?: boolean, is_held?: boolean, is_decided?: boolean, next?: string}>}
 */
export async function post(url, body, words) {
  let { response, answer } = await send(url, body);
  if (response?.status === 403 && !answer && (await renewCsrfToken())) ({ response, answer } = await send(url, body));
  if (response === null) throw new Refusal("offline", words.offline);
  if (answer?.error) throw new Refusal(answer.error.code, answer.error.message);
  if (response.ok && answer) return answer;
  const isSentAway = response.type === "opaqueredirect" || response.status === 403;
  throw new Refusal("failed", isSentAway ? words.login : words.offline);
}

/** @param {string} url @param {object} body */
async function send(url, body) {
  const response = await fetch(url, {
    method: "POST",
    credentials: "same-origin",
    redirect: "manual",
    headers: { "Content-Type": "application/json", "X-CSRFToken": findCsrfField(document)?.value ?? "" },
    body: JSON.stringify(body),
  }).catch(() => null);
  return { response, answer: (await response?.json().catch(() => null)) ?? null };
}

/** The one that this page would have if it were opened now. @returns {Promise<boolean>} whether there is one */
async function renewCsrfToken() {
  const page = await fetch(location.href, { credentials: "same-origin" }).catch(() => null);
  const text = (await page?.text().catch(() => "")) ?? "";
  const fresh = findCsrfField(new DOMParser().parseFromString(text, "text/html"));
  const field = findCsrfField(document);
  if (!fresh || !field) return false;
  field.value = fresh.value;
  return true;
}

/** Standing in the page's log-out form, so that no cookie has to be readable. @param {Document} page */
function findCsrfField(page) {
  return /** @type {HTMLInputElement|null} */ (page.querySelector("[name=csrfmiddlewaretoken]"));
}
