import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.ObjectWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.CloseOptions;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.state.KeyValueBytesStoreSupplier;
import org.apache.kafka.streams.state.Stores;

/** The counting job in Kafka Streams, exactly once. Arguments: the job; memory or rocksdb; commit in ms, or default. */
public final class CountingStream {
    @JsonIgnoreProperties(ignoreUnknown = true)
    record Job(String brokers, String input, String output, String group, String state) {}

    @JsonIgnoreProperties(ignoreUnknown = true)
    record Event(String k, long amount) {}

    record Counted(long count, long total) {}

    record Output(String k, long count, long total) {}

    private static final ObjectMapper JSON = new ObjectMapper();

    public static void main(String[] arguments) throws Exception {
        Job job = JSON.readValue(arguments[0], Job.class);
        KeyValueBytesStoreSupplier store = arguments[1].equals("memory")
            ? Stores.inMemoryKeyValueStore("counts")
            : Stores.persistentTimestampedKeyValueStore("counts");
        KafkaStreams streams = new KafkaStreams(topology(job, store), settings(job, arguments[2]));
        CountDownLatch ended = new CountDownLatch(1);
        streams.setStateListener((now, before) -> {
            if (now == KafkaStreams.State.ERROR) {
                ended.countDown();
            }
        });
        // Leaving the group: the next start would otherwise wait until the session of this one is over.
        Runtime.getRuntime().addShutdownHook(new Thread(() -> streams.close(
            CloseOptions.groupMembershipOperation(CloseOptions.GroupMembershipOperation.LEAVE_GROUP))));
        streams.start();
        ended.await();
        System.exit(1);
    }

    private static Topology topology(Job job, KeyValueBytesStoreSupplier store) {
        StreamsBuilder builder = new StreamsBuilder();
        builder.stream(job.input(), Consumed.with(Serdes.String(), json(Event.class)))
            .groupByKey()
            .aggregate(
                () -> new Counted(0, 0),
                (key, event, before) -> new Counted(before.count() + 1, before.total() + event.amount()),
                // With a cache one output would stand for several events, and the job asks for one each.
                Materialized.<String, Counted>as(store).withKeySerde(Serdes.String()).withValueSerde(counted())
                    .withCachingDisabled())
            .toStream()
            .mapValues((key, now) -> new Output(key, now.count(), now.total()))
            .to(job.output(), Produced.with(Serdes.String(), json(Output.class)));
        return builder.build();
    }

    private static Properties settings(Job job, String commit) {
        Properties settings = new Properties();
        settings.put(StreamsConfig.APPLICATION_ID_CONFIG, job.group());
        settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, job.brokers());
        settings.put(StreamsConfig.STATE_DIR_CONFIG, job.state());
        settings.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
        settings.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
        if (!commit.equals("default")) {
            settings.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, commit);
        }
        return settings;
    }

    private static Serde<Counted> counted() {
        return Serdes.serdeFrom(
            (topic, value) -> value == null ? null
                : ByteBuffer.allocate(16).putLong(value.count()).putLong(value.total()).array(),
            (topic, bytes) -> {
                if (bytes == null) {
                    return null;
                }
                ByteBuffer buffer = ByteBuffer.wrap(bytes);
                return new Counted(buffer.getLong(), buffer.getLong());
            });
    }

    private static <T> Serde<T> json(Class<T> type) {
        ObjectReader reader = JSON.readerFor(type);
        ObjectWriter writer = JSON.writerFor(type);
        return Serdes.serdeFrom(
            (topic, value) -> {
                try {
                    return writer.writeValueAsBytes(value);
                } catch (IOException error) {
                    throw new UncheckedIOException(error);
                }
            },
            (topic, bytes) -> {
                try {
                    return reader.readValue(bytes);
                } catch (IOException error) {
                    throw new UncheckedIOException(error);
                }
            });
    }
}
