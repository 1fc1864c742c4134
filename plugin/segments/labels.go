package segments

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/redpanda-data/benthos/v4/public/bloblang"

	"github.com/shoal-stream/shoal/plugin/clustering"
)

// labels are what segments are called. They are renewed when the segments are refined, and
// stored: so a segment is called the same until then, whatever dies meanwhile.
type labels struct {
	names    map[clustering.SegmentID]string
	labeller *bloblang.Executor // nil: see generated
	problem  error              // of the labeller, the last time
	changed  bool               // names are not those that are stored
}

func (l *labels) encode() []byte {
	text, err := json.Marshal(l.names)
	if err != nil {
		panic(err) // strings always encode
	}
	return text
}

func decodeLabels(stored []byte) (*labels, error) {
	l := &labels{names: map[clustering.SegmentID]string{}}
	if stored == nil {
		return l, nil
	}
	if err := json.Unmarshal(stored, &l.names); err != nil {
		return nil, fmt.Errorf("its labels are damaged: restore the newest backup to a new path: %w", err)
	}
	return l, nil
}

// of is the label of a segment, nil when there is none.
func (l *labels) of(id clustering.SegmentID) any {
	if name, ok := l.names[id]; ok {
		return name
	}
	return nil
}

// cover tells that segments have labels, if there are any: those that a configuration
// gives are there before the first refinement.
func (l *labels) cover(engine clustering.Engine) bool {
	return len(l.names) > 0 || len(engine.Segments()) == 0
}

// renew names all segments.
func (l *labels) renew(s *state) {
	before := l.encode()
	segments := s.engine.Segments()
	l.names = generated(s, segments)
	l.problem = nil
	population := s.engine.Population()
	for _, segment := range segments {
		if l.labeller == nil || segment.Members.N() == 0 {
			continue
		}
		name, err := l.labeller.Query(s.describeSegment(segment, population))
		text, isText := name.(string)
		switch {
		case err != nil:
			l.problem = errors.New("labels: the mapping does not apply to the profile of a segment: segments are named from what sets them apart meanwhile")
		case !isText || text == "":
			l.problem = fmt.Errorf("labels: the mapping gives %T: give a string; segments are named from what sets them apart meanwhile", name)
		default:
			l.names[segment.ID] = text
		}
	}
	l.changed = l.changed || !slices.Equal(before, l.encode())
}

// generated names segments by what sets them apart: as few words as tell them from each
// other.
func generated(s *state, segments []clustering.Segment) map[clustering.SegmentID]string {
	const most = 4 // traits in a name
	traits := map[clustering.SegmentID][]string{}
	for _, segment := range segments {
		if segment.Members.N() > 0 {
			for _, c := range s.contrasts(segment, most) {
				traits[segment.ID] = append(traits[segment.ID], trait(s.space.names[c.dimension], c.deviation))
			}
		}
	}
	names := map[clustering.SegmentID]string{}
	for words := 2; words <= most; words++ {
		count := map[string]int{}
		for _, name := range names {
			count[name]++
		}
		for _, segment := range segments {
			if name, named := names[segment.ID]; named && count[name] == 1 {
				continue
			}
			list := traits[segment.ID]
			names[segment.ID] = strings.Join(list[:min(words, len(list))], ", ")
			if len(list) == 0 {
				names[segment.ID] = "average"
			}
		}
	}
	taken := map[string]clustering.SegmentID{}
	for _, segment := range segments {
		name := names[segment.ID]
		if _, twice := taken[name]; twice {
			names[segment.ID] = fmt.Sprintf("%s (%s)", name, segmentName(segment.ID))
		}
		taken[name] = segment.ID
	}
	return names
}

// trait says in words how far a segment is from the average in one feature.
func trait(feature string, deviation float64) string {
	strength := ""
	if math.Abs(deviation) >= 2 {
		strength = "very "
	}
	high := deviation > 0
	words := strings.FieldsFunc(strings.ToLower(feature), func(r rune) bool { return strings.ContainsRune("._- ", r) })
	has := func(list ...string) bool {
		return slices.ContainsFunc(words, func(word string) bool { return slices.Contains(list, word) })
	}
	name := strings.Join(words, " ")
	switch {
	case has("recency") || has("since") && has("last", "previous"):
		return strength + pick(high, "long ago", "recent")
	case has("tenure", "age") || has("since") && has("first"):
		return pick(high, "long-standing", "new")
	case has("interval", "gap"):
		return strength + pick(high, "infrequent", "frequent")
	case has("orders", "purchases", "visits", "sessions", "events", "lines", "clicks", "views", "logins", "contacts", "tickets", "returns", "count"):
		return pick(high, pick(strength == "", "many ", "very many "), pick(strength == "", "few ", "very few ")) + name
	default:
		return strength + pick(high, "high ", "low ") + name
	}
}

func pick(condition bool, yes, no string) string {
	if condition {
		return yes
	}
	return no
}
