package message

import (
	"strconv"

	"github.com/redpanda-data/benthos/v4/public/service"

	"github.com/shoal-stream/shoal/plugin/store/ledger"
)

// Position reads where a message stands in its Kafka topic from the metadata of
// the inputs redpanda, kafka_franz and kafka; nil when it does not say.
func Position(m *service.Message) *ledger.Position {
	topic, ok := m.MetaGet("kafka_topic")
	if !ok || topic == "" {
		return nil
	}
	partition, ok := metaInt(m, "kafka_partition")
	if !ok {
		return nil
	}
	offset, ok := metaInt(m, "kafka_offset")
	if !ok {
		return nil
	}
	timestamp, _ := metaInt(m, "kafka_timestamp_ms")
	return &ledger.Position{Topic: topic, Partition: int32(partition), Offset: offset, Timestamp: timestamp}
}

// metaInt takes integers and, as some inputs and mappings leave them, strings.
func metaInt(m *service.Message, key string) (int64, bool) {
	value, ok := m.MetaGetMut(key)
	if !ok {
		return 0, false
	}
	switch v := value.(type) {
	case int:
		return int64(v), true
	case int32:
		return int64(v), true
	case int64:
		return v, true
	default:
		text, _ := m.MetaGet(key)
		n, err := strconv.ParseInt(text, 10, 64)
		return n, err == nil
	}
}
