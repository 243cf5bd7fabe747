/** REST under /api/v1/: JSON in, JSON out, and every refusal as an ApiError with words for the user. */
import { inLanguage, page, t } from "mary/page";

export class ApiError extends Error {
  /**
   * @param {string} code
   * @param {string} message in the user's language
   * @param {Record<string, {code: string, message: {ko: string, en: string}}[]>} [fields]
   */
  constructor(code, message, fields = {}) {
    super(message);
    this.code = code;
    this.fields = fields;
  }
}

/**
 * @param {string} method
 * @param {string} path below /api/v1/
 * @param {unknown} [body]
 * @returns {Promise<any>} null for an empty answer
 */
export async function request(method, path, body) {
  const response = await send(method, path, body);
  if (response.status === 204) return null;
  const answer = await response.json().catch(() => null);
  if (response.ok) return answer;
  if (response.status === 401) goToLogin();
  const error = answer?.error;
  throw error
    ? new ApiError(error.code, inLanguage(error.message), error.fields)
    : new ApiError("internal", t("something_unexpected"));
}

let isLoggingOut = false;
for (const form of document.querySelectorAll("form[data-logout]")) {
  form.addEventListener("submit", () => (isLoggingOut = true));
}

/** Leave for the login page and come back here afterwards; whoever is logging out does not come back. */
export function goToLogin() {
  if (isLoggingOut) return;
  location.assign(`${page.urls.login}?next=${encodeURIComponent(location.pathname)}`);
}

async function send(method, path, body) {
  const headers = { Accept: "application/json", "X-CSRFToken": readCsrfToken() };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  try {
    return await fetch(page.urls.api + path, {
      method,
      headers,
      credentials: "same-origin",
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch {
    throw new ApiError("offline", t("offline"));
  }
}

function readCsrfToken() {
  return document.querySelector("meta[name=csrf-token]")?.getAttribute("content") ?? "";
}
