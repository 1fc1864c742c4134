// Package tests runs whole pipelines, as a user's YAML describes them, in processes of
// their own: what no test of one package can show. Many of them are killed at random
// instants; soak_test.go tells how to have that done for hours.
package tests
