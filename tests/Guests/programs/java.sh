# needs: java
java -Xshare:auto -version > v 2>&1; echo "status $?"; wc -l < v
if command -v javac > /dev/null; then
    printf 'public class T { public static void main(String[] a) { long s = 0; for (int i = 0; i < 5000000; i++) s = s * 31 + i; System.out.println(s); try { Object o = null; o.hashCode(); } catch (NullPointerException e) { System.out.println("npe"); } } }\n' > T.java
    javac T.java && java T
fi
