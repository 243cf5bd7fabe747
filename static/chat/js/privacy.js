/** Entry of the privacy page: five consents, the profile, and the end of the account. */
import { toast } from "mary/announce";
import { request } from "mary/api";
import { ask } from "mary/ask";
import { h } from "mary/dom";
import { clearKeepsakes } from "mary/keepsakes";
import { renderMarkdown } from "mary/markdown";
import { page, t } from "mary/page";
import { dateName } from "mary/times";

/**
 * @typedef {{kind: string, is_required_to_chat: boolean, is_granted: boolean, dt_decided: string|null,
 *   text_version: string|null, current_text_version: string, title: string, text: string}} Consent
 */

const consents = document.querySelector("[data-consents]");

/** @param {Consent} consent */
function describeState(consent) {
  if (!consent.dt_decided) return t("consent_never");
  const date = dateName(consent.dt_decided);
  const state = t(consent.is_granted ? "consent_on" : "consent_off", { date });
  return consent.text_version === consent.current_text_version ? state : `${state} ${t("consent_new_text")}`;
}

/** @param {Consent} consent */
function buildConsent(consent) {
  const id = `consent-${consent.kind}`;
  const toggle = h("input", { id, class: "switch", type: "checkbox", role: "switch", "aria-describedby": `${id}-state` });
  toggle.checked = consent.is_granted;
  const element = h(
    "div",
    { class: "consent" },
    h(
      "label",
      { class: "consent-head", for: id },
      h("span", {}, `${consent.title} `, h("span", { class: consent.is_required_to_chat ? "tag" : "tag tag--open" }, t(consent.is_required_to_chat ? "consent_needed" : "consent_free"))),
      toggle,
    ),
    h("p", { class: "soft", id: `${id}-state` }, describeState(consent)),
    h("details", {}, h("summary", {}, t("consent_read")), h("div", { class: "prose" }, renderMarkdown(consent.text))),
  );
  toggle.addEventListener("change", () => decide(consent, toggle, element));
  return element;
}

async function decide(consent, toggle, element) {
  toggle.disabled = true;
  try {
    const body = { is_granted: toggle.checked, text_version: consent.current_text_version };
    const fresh = buildConsent(await request("PUT", `consents/${consent.kind}/`, body));
    element.replaceWith(fresh);
    fresh.querySelector("input").focus();
    toast(t("consent_saved"));
  } catch (error) {
    toggle.checked = consent.is_granted;
    toggle.disabled = false;
    toast(error.message);
  }
}

async function showConsents() {
  const answer = await request("GET", "consents/");
  consents.replaceChildren(...answer.map(buildConsent));
  consents.removeAttribute("aria-busy");
}

function startProfile() {
  const form = document.querySelector("[data-profile]");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      const me = await request("PATCH", "me/", Object.fromEntries(new FormData(form)));
      if (me.language !== document.documentElement.lang) location.reload();
      toast(t("profile_saved"));
    } catch (error) {
      toast(error.message);
    }
  });
}

async function erase() {
  const input = { label: t("erase_password"), type: "password", autocomplete: "current-password" };
  const password = await ask({ title: t("erase_title"), body: t("erase_body"), yes: t("erase_yes"), isDanger: true, input });
  if (password === null) return;
  let erased;
  try {
    erased = await request("DELETE", "me/", { password });
  } catch (error) {
    return toast(error.message);
  }
  clearKeepsakes(page.user_id);
  location.assign(erased.receipt_url || page.urls.login);
}

document.querySelector("[data-erase]").addEventListener("click", erase);
startProfile();
showConsents().catch((error) => toast(error.message));
