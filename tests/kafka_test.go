package tests

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	_ "github.com/redpanda-data/connect/v4/public/components/kafka"
)

// broker speaks the protocol of Kafka on a port of this machine until the test ends. It has
// one topic, of so many partitions.
func broker(t *testing.T, topic string, partitions int32) (address string) {
	t.Helper()
	return cluster(t, kfake.SeedTopics(partitions, topic)).ListenAddrs()[0]
}

// cluster is one broker, for those who close it earlier than the test ends.
func cluster(t *testing.T, options ...kfake.Opt) *kfake.Cluster {
	t.Helper()
	options = append(options, kfake.NumBrokers(1),
		kfake.GroupMinSessionTimeout(500*time.Millisecond)) // those who were killed are soon taken for dead
	cluster, err := kfake.NewCluster(options...)
	require.NoError(t, err)
	t.Cleanup(cluster.Close)
	return cluster
}

// publish writes the values to a topic; those with the same key go to the same partition.
func publish(t *testing.T, address, topic string, keys, values []string) {
	t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(address), kgo.DefaultProduceTopic(topic))
	require.NoError(t, err)
	defer client.Close()
	records := make([]*kgo.Record, len(values))
	for i, value := range values {
		records[i] = &kgo.Record{Key: []byte(keys[i]), Value: []byte(value)}
	}
	require.NoError(t, client.ProduceSync(t.Context(), records...).FirstErr())
}
