const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

const DAYS_OF_MONTHS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

const LEAP_YEARS_BEFORE_1970 = 477;

/**
 * A moment in RFC 3339, UTC, with milliseconds: `2026-01-31T23:59:59.000Z`.
 *
 * @param ms since 1970, at least 0; a fraction is cut off
 */
export function utcTime(ms: number): string {
  const sinceEpoch = Math.floor(ms / DAY_MS);
  // By the average length of a year: this year or the one before.
  let year = 1970 + Math.ceil(sinceEpoch / 365.2425);
  while (daysBefore(year) > sinceEpoch) year--;
  let days = sinceEpoch - daysBefore(year);
  let month = 1;
  for (; days >= daysOfMonth(year, month); month++) days -= daysOfMonth(year, month);
  const time = [HOUR_MS, MINUTE_MS, SECOND_MS].map((unit, i) => digits(Math.floor(ms / unit) % (i === 0 ? 24 : 60), 2));
  const date = `${year}-${digits(month, 2)}-${digits(days + 1, 2)}`;
  return `${date}T${time.join(":")}.${digits(Math.floor(ms) % SECOND_MS, 3)}Z`;
}

function isLeapYear(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}

/** From 1970 to the beginning of a year. */
function daysBefore(year: number): number {
  const past = year - 1;
  const leapYears = Math.floor(past / 4) - Math.floor(past / 100) + Math.floor(past / 400) - LEAP_YEARS_BEFORE_1970;
  return (year - 1970) * 365 + leapYears;
}

function daysOfMonth(year: number, month: number): number {
  return month === 2 && isLeapYear(year) ? 29 : (DAYS_OF_MONTHS[month - 1] ?? 0);
}

function digits(number: number, width: number): string {
  return String(number).padStart(width, "0");
}
