// Package transform changes one value so that it no longer tells whose it is: by
// masking, by a keyed pseudonym, by truncation or by generalisation.
//
// An [Action] takes a scalar as JSON has it, a string, a number or a boolean, and gives
// another. It never gives the value back for lack of an answer: what it cannot treat is
// an error, and errors never hold the value.
package transform
