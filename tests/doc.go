// Package tests runs whole pipelines, as a user's YAML describes them, in processes of
// their own: what no test of one package can show.
package tests
