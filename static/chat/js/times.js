/** Times as this user reads them. */

const language = document.documentElement.lang || "ko";
const clock = new Intl.DateTimeFormat(language, { hour: "numeric", minute: "2-digit" });
const day = new Intl.DateTimeFormat(language, { month: "long", day: "numeric", weekday: "long" });
const dayOfYear = new Intl.DateTimeFormat(language, { year: "numeric", month: "long", day: "numeric" });
const shortDay = new Intl.DateTimeFormat(language, { month: "numeric", day: "numeric" });

const isSameDay = (a, b) => a.toDateString() === b.toDateString();

/** @param {string} iso */
export const clockTime = (iso) => clock.format(new Date(iso));

/** @param {string} iso */
export function dayName(iso) {
  const date = new Date(iso);
  return date.getFullYear() === new Date().getFullYear() ? day.format(date) : dayOfYear.format(date);
}

/** @param {string} iso for lists: the time today, the day before that */
export function briefTime(iso) {
  const date = new Date(iso);
  return isSameDay(date, new Date()) ? clock.format(date) : shortDay.format(date);
}

/** @param {string} iso @param {string} otherIso */
export const onSameDay = (iso, otherIso) => isSameDay(new Date(iso), new Date(otherIso));

/** @param {string} iso the full date, for what must be told exactly */
export const dateName = (iso) => dayOfYear.format(new Date(iso));
