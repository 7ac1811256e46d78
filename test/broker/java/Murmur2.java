import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.util.HexFormat;
import org.apache.kafka.clients.producer.internals.BuiltInPartitioner;
import org.apache.kafka.common.utils.Utils;

/**
 * Each line of standard input is a number of partitions and a key in hex, each line of standard output the key's
 * murmur2 and the partition that the producer chooses for it.
 */
public class Murmur2 {
  public static void main(String[] args) throws Exception {
    StringBuilder answers = new StringBuilder();
    for (String line : new BufferedReader(new InputStreamReader(System.in)).lines().toList()) {
      String[] parts = line.split(" ", -1);
      byte[] key = HexFormat.of().parseHex(parts[1]);
      int partition = BuiltInPartitioner.partitionForKey(key, Integer.parseInt(parts[0]));
      answers.append(Utils.murmur2(key)).append(' ').append(partition).append('\n');
    }
    System.out.print(answers);
  }
}
