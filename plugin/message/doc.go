// Package message is how Shoal's processors read what they need out of a message
// and write their result into it: customer keys, event times, source positions,
// numbers, and values at a dot path. Errors name the type of what they found and
// the remedy, never the value, which may be personal.
package message
