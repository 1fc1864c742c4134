// Package transform changes one value so that it no longer tells whose it is: by
// masking, by a keyed pseudonym, by encryption that keeps the form or not, by truncation,
// by moving dates, or by generalisation.
//
// An [Action] takes a scalar as JSON has it, a string, a number or a boolean, and gives
// another. It never gives the value back for lack of an answer: what it cannot treat is
// an error, and errors never hold the value. A [Reversible] one is turned back by who has
// the key. All are safe for concurrent use, and what takes a key gives the same bytes for
// the same value, key and domain, over threads, restarts and machines.
package transform
