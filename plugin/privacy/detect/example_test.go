package detect_test

import (
	"fmt"
	"strings"

	"github.com/shoal-stream/shoal/plugin/privacy/detect"
)

func Example() {
	scanner, err := detect.New(detect.Options{Region: "US"})
	if err != nil {
		panic(err)
	}
	const text = "Reach me at ann@example.com or (415) 555-2671."
	var masked strings.Builder
	at := 0
	for _, span := range scanner.Append(nil, text) {
		masked.WriteString(text[at:span.Start] + detect.Tag(span.Detector))
		at = span.End
	}
	fmt.Println(masked.String() + text[at:])
	// Output: Reach me at <EMAIL> or <PHONE>.
}
