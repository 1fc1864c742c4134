// Package detect finds personal data in text: where it is, what it is, and how sure that is.
//
// A [Scanner] goes over a text once. A gate of one table look-up a byte stops only where
// something can begin (a digit, an at sign, a colon, ...); there a detector looks at the
// pattern, then at what validates it (a checksum, a numbering plan, a parser), then at
// words within five tokens.
//
// What it guarantees:
//
//   - Spans are byte offsets of the text as it was given, sorted, on rune boundaries, and do
//     not overlap: of two that would, the one with the higher confidence stays, then the
//     longer, then the earlier. Of a number that loses, what the better one does not
//     cover is a span as well, or is added to it if one detector found both.
//   - Numbers beside a card do not hide it: a date, a code, a telephone number, another card.
//   - Nothing is found inside a longer run of letters and digits. Chinese, Japanese, Korean,
//     Thai, Lao, Khmer and Burmese letters bind to nothing, as these are written without spaces around a number.
//   - Full-width and other digits, compatibility forms (NFKC), Unicode spaces and hyphens,
//     zero-width and other invisible characters hide nothing.
//   - A line is scanned by itself: only a line that ends in a colon is context for the next.
//   - Time is linear in the text, whatever it says, and nothing is allocated where
//     nothing is found in ASCII text.
//
// Names of people and street addresses follow no pattern and are not found. README.md has
// the precision and recall of each detector and how they were measured.
package detect
