import java.io.FileInputStream;
import java.security.KeyStore;
import java.util.Base64;

/** Prints a private key of a PKCS12 store as PEM, which keytool does not: FILE PASSWORD ALIAS. */
public final class PrivateKey {
  public static void main(String[] args) throws Exception {
    char[] password = args[1].toCharArray();
    KeyStore store = KeyStore.getInstance("PKCS12");
    try (FileInputStream in = new FileInputStream(args[0])) {
      store.load(in, password);
    }
    byte[] key = store.getKey(args[2], password).getEncoded();
    System.out.println("-----BEGIN PRIVATE KEY-----");
    System.out.println(Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(key));
    System.out.println("-----END PRIVATE KEY-----");
  }
}
