# needs: openssl
seq 1 10000 > f
openssl dgst -sha256 f; openssl dgst -sha512 f; openssl dgst -md5 f
openssl enc -aes-256-cbc -K 00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff -iv 00112233445566778899aabbccddeeff -in f -out e; openssl dgst -sha1 e
openssl enc -d -aes-256-cbc -K 00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff -iv 00112233445566778899aabbccddeeff -in e | cmp - f && echo same
openssl enc -chacha20 -K 00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff -iv 00112233445566778899aabbccddeeff -in f | openssl dgst -sha256
openssl genrsa -out k 2048 2>/dev/null; openssl dgst -sha256 -sign k -out s f; openssl rsa -in k -pubout -out p 2>/dev/null; openssl dgst -sha256 -verify p -signature s f
openssl ecparam -name prime256v1 -genkey -noout -out ek; openssl dgst -sha256 -sign ek -out es f; openssl ec -in ek -pubout -out ep 2>/dev/null; openssl dgst -sha256 -verify ep -signature es f
echo 'hello' | openssl base64
