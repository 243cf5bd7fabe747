/**
 * Model text → safe elements. Always give the whole text so far: a tag may be split across any two deltas.
 * No raw HTML, no images, links only to https and with their host in sight.
 */
import DOMPurify from "dompurify";
import { Marked } from "marked";
import { t } from "mary/page";

const SHOWN = ["p", "br", "strong", "em", "del", "code", "pre", "blockquote", "ul", "ol", "li", "hr", "a"];

const escapeHtml = (text) =>
  text.replace(/[&<>"']/g, (sign) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" })[sign]);

const marked = new Marked({
  gfm: true,
  breaks: true,
  renderer: {
    html: ({ text }) => escapeHtml(text),
    image: ({ text }) => escapeHtml(text),
    heading({ tokens }) {
      return `<p><strong>${this.parser.parseInline(tokens)}</strong></p>`;
    },
    checkbox: () => "",
    table: ({ raw }) => `<p>${escapeHtml(raw)}</p>`,
  },
});

/** @param {string} text @returns {DocumentFragment} */
export function renderMarkdown(text) {
  const fragment = DOMPurify.sanitize(marked.parse(text), {
    ALLOWED_TAGS: SHOWN,
    ALLOWED_ATTR: ["href", "start"],
    ALLOWED_URI_REGEXP: /^https:\/\//i,
    RETURN_DOM_FRAGMENT: true,
  });
  for (const link of fragment.querySelectorAll("a")) guardLink(link);
  return fragment;
}

/** A link tells where it leads before it is followed; one that leads elsewhere than https is only its text. */
function guardLink(link) {
  const address = readHttpsAddress(link.getAttribute("href"));
  if (!address) {
    link.replaceWith(...link.childNodes);
    return;
  }
  link.setAttribute("rel", "noopener noreferrer nofollow");
  link.setAttribute("target", "_blank");
  const host = document.createElement("span");
  host.className = "host";
  host.textContent = ` (${t("leaves_for", { host: address.host })})`;
  link.append(host);
}

function readHttpsAddress(href) {
  try {
    const address = new URL(href ?? "");
    return address.protocol === "https:" ? address : null;
  } catch {
    return null;
  }
}
