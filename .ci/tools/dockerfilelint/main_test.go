package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestCheck(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ dockerfile, finding, problem string }{
		"sound":               {dockerfile: "FROM golang AS build\nRUN go version\n"},
		"rule broken":         {dockerfile: "FROM scratch\nCMD run it\n", finding: "line 2: JSONArgsRecommended"},
		"in a stage before":   {dockerfile: "FROM golang AS build\nWORKDIR src\nFROM scratch\nCOPY . /\n", finding: "line 2: WorkdirRelativePath"},
		"unknown instruction": {dockerfile: "FROM scratch\nCOPPY . /\n", problem: "unknown instruction: COPPY"},
		"empty":               {problem: "cannot be empty"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "Dockerfile")
			if err := os.WriteFile(path, []byte(test.dockerfile), 0o600); err != nil {
				t.Fatal(err)
			}
			findings, err := check(t.Context(), path)
			if got := strings.Join(findings, "\n"); !strings.HasPrefix(got, test.finding) || (got == "") != (test.finding == "") {
				t.Errorf("findings %q, want %q", got, test.finding)
			}
			if (err == nil) != (test.problem == "") || (err != nil && !strings.Contains(err.Error(), test.problem)) {
				t.Errorf("error %v, want %q", err, test.problem)
			}
		})
	}
}
