// Package privacy has the processors privacy_mask and privacy_reveal.
//
// privacy_mask has rules by path that say what becomes of each value of a message, before
// anything else sees it, and lets a message pass as a whole only with consent, if it is told
// so. privacy_reveal turns back what was encrypted, with the keys.
//
// What other processors leave in the types of Go is treated as what it is in JSON. Text is
// looked at with the names of what it is the value of.
//
// Both fail closed. A message that cannot be treated completely leaves as an empty object,
// with the metadata that tells where to read it again and an error that names the rule:
// nothing of the original goes on. Package transform has the actions, package detect finds
// personal data in text. README.md tells how to choose keys, rotate them, and what a mask
// does not give.
package privacy
