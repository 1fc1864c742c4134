// Package privacy is the processor privacy_mask: rules by path say what becomes of each
// value of a message, before anything else sees it.
//
// It fails closed. A message that cannot be masked completely leaves as an empty object,
// with the metadata that tells where to read it again and an error that names the rule:
// nothing of the original goes on. Package transform has the actions.
package privacy
