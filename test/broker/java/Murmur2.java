import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.util.HexFormat;
import org.apache.kafka.common.utils.Utils;

/** Each line of standard input is a key in hex, each line of standard output its murmur2. */
public class Murmur2 {
  public static void main(String[] args) throws Exception {
    StringBuilder answers = new StringBuilder();
    for (String line : new BufferedReader(new InputStreamReader(System.in)).lines().toList()) {
      answers.append(Utils.murmur2(HexFormat.of().parseHex(line))).append('\n');
    }
    System.out.print(answers);
  }
}
