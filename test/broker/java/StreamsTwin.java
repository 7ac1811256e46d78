import java.time.Duration;
import java.util.Properties;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.KTable;

/**
 * What a topology of ours does, in Kafka Streams: a left join of a stream with a table, and a count.
 * Runs until its standard input ends. Arguments: brokers, application id, state folder, and the topics
 * orders, customers, joined, counted.
 */
public class StreamsTwin {
  public static void main(String[] args) throws Exception {
    Properties settings = new Properties();
    settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, args[0]);
    settings.put(StreamsConfig.APPLICATION_ID_CONFIG, args[1]);
    settings.put(StreamsConfig.STATE_DIR_CONFIG, args[2]);
    settings.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
    settings.put(StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, 0);
    settings.put(StreamsConfig.DEFAULT_KEY_SERDE_CLASS_CONFIG, Serdes.StringSerde.class);
    settings.put(StreamsConfig.DEFAULT_VALUE_SERDE_CLASS_CONFIG, Serdes.StringSerde.class);
    settings.put("auto.offset.reset", "earliest");
    StreamsBuilder builder = new StreamsBuilder();
    KStream<String, String> orders = builder.stream(args[3]);
    KTable<String, String> customers = builder.table(args[4]);
    orders
        .leftJoin(customers, (order, customer) -> order + "/" + (customer == null ? "nobody" : customer))
        .to(args[5]);
    orders.groupByKey().count().toStream().mapValues(count -> Long.toString(count)).to(args[6]);
    KafkaStreams streams = new KafkaStreams(builder.build(), settings);
    streams.start();
    while (System.in.read() >= 0) {}
    streams.close(Duration.ofSeconds(10));
  }
}
