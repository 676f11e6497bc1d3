//! Functions of bags, arrays and series, and of texts that have parts.

use super::*;

#[test]
fn bags_are_the_engines() {
    check(&[
        ("array_length", &["'[null,1,[2,3]]'"], "3"),
        ("array_length", &["'{}'"], "null"),
        ("array_concat", &["'{\"a\":1}'", "'[99]'", "NULL"], "[99]"),
        ("array_slice", &["'[1,2,3,4,5]'", "-2", "-1"], "[4,5]"),
        ("array_slice", &["'[1,2,3,4]'", "1", "2"], "[2,3]"),
        ("array_slice", &["'[1,2,3]'", "0", "0"], "[1]"),
        ("array_reverse", &["'[1,2,3]'"], "[3,2,1]"),
        ("array_rotate_left", &["'[10,20,30]'", "1"], "[20,30,10]"),
        ("array_rotate_right", &["'[10,20,30]'", "1"], "[30,10,20]"),
        ("array_shift_right", &["'[10,20,30]'", "1"], "[null,10,20]"),
        ("array_shift_left", &["'[10,20,30]'", "1", "'0'"], "[20,30,0]"),
        ("array_shift_left", &["'[\"a\",\"b\"]'", "1"], "[\"b\",\"\"]"),
        ("array_sort_asc", &["'[3,null,1.5,2]'"], "[1.5,2,3,null]"),
        ("array_sort_desc", &["'[\"a\",\"c\",\"b\"]'"], "[\"c\",\"b\",\"a\"]"),
        ("array_sort_asc", &["'{\"a\":1}'"], "null"),
        ("array_sum", &["'[1,2.5,null]'"], "3.5"),
        ("array_sum", &["'[]'"], "0.0"),
        ("array_index_of", &["'[5,15]'", "'15.0'"], "1"),
        ("array_index_of", &["'[1]'", "'99'"], "-1"),
        ("array_split", &["'[1,2,3,4,5]'", "'[1,3]'"], "[[1],[2,3],[4,5]]"),
        ("array_iff", &["'[true,false]'", "'[1,2]'", "'0'"], "[1,0]"),
        ("set_union", &["'[1,2,3]'", "'[3,4]'", "'[5]'"], "[1,2,3,4,5]"),
        ("set_intersect", &["'[1,2,3]'", "'[]'"], "[]"),
        ("set_difference", &["'[null,1,null,2]'", "'[null]'"], "[1,2]"),
        ("set_has_element", &["'[1,2,3]'", "'\"2\"'"], "0"),
        ("set_equals", &["'[1,2]'", "'[2,1,1]'"], "1"),
        ("jaccard_index", &["'[1,2,3,4]'", "'[3,4,5,6]'"], "0.3333333333333333"),
        ("pack_array", &["'1'", "NULL", "'\"a\"'"], "[1,null,\"a\"]"),
        ("bag_pack", &["'k\"'", "'1'", "'n'", "NULL"], "{\"k\\\"\":1,\"n\":null}"),
        ("bag_keys", &["'{\"a\":{\"b\":1},\"c\":2}'"], "[\"a\",\"c\"]"),
        ("bag_merge", &["'{\"a\":1,\"b\":2}'", "'{\"b\":3,\"c\":4}'"], "{\"a\":1,\"b\":2,\"c\":4}"),
        ("bag_remove_keys", &["'{\"a\":1,\"b\":{\"c\":2,\"d\":3}}'", "'[\"a\",\"$.b.c\"]'"], "{\"b\":{\"d\":3}}"),
        ("bag_has_key", &["'{\"a\":{\"b\":1}}'", "'$.a.b'"], "1"),
        ("bag_set_key", &["'{\"a\":1}'", "'b'", "'2'"], "{\"a\":1,\"b\":2}"),
        ("bag_zip", &["'[\"x\",\"y\"]'", "'[1]'"], "{\"x\":1,\"y\":null}"),
        ("zip", &["'[1,2]'", "'[3]'"], "[[1,3],[2,null]]"),
        ("treepath", &["'{\"a\":{\"b\":[1]}}'"], "[\"['a']\",\"['a']['b']\",\"['a']['b'][0]\"]"),
    ]);
}

#[test]
fn encodings_are_the_documented() {
    check(&[
        ("base64_encode", &["'Kusto'"], "S3VzdG8="),
        ("base64_decode", &["'S3VzdG8'"], "Kusto"),
        ("base64_decode", &["'!'"], ""),
        ("base64_decode_toarray", &["'S3U='"], "[75,117]"),
        ("base64_encode_fromarray", &["'[75,117]'"], "S3U="),
        ("url_encode", &["'a b&c/é'"], "a+b%26c%2f%c3%a9"),
        ("url_encode_component", &["'a b'"], "a%20b"),
        ("url_decode", &["'https%3a%2f%2Fx+y%zz'"], "https://x y%zz"),
        ("hash_sha256", &["'World'"], "78ae647dc5544d227130a0682a51e30bc7777fbb6d8a8f17007463a3ecd1d524"),
        ("hash_sha1", &["'World'"], "70c07ec18ef89c5309bbb0937f3a6342411e1fdd"),
        ("hash_md5", &["'World'"], "f5a7924e621e84c9280a9a27e1bcb7f6"),
        ("hash_xxhash64", &["'World'"], "1846988464401551951"),
        ("hash_xxhash64", &["'World'", "100"], "51"),
        ("punycode_domain_from_string", &["'xn--bcher-kva.example'"], "bücher.example"),
        ("punycode_domain_to_string", &["'bücher.example'"], "xn--bcher-kva.example"),
        ("punycode_from_string", &["'académie-française'"], "acadmie-franaise-npb1a"),
    ]);
}

#[test]
fn addresses_are_the_documented() {
    check(&[
        ("ipv4_is_private", &["'192.168.1.1'"], "1"),
        ("ipv4_is_private", &["'208.1.2.3'"], "0"),
        ("ipv4_is_private", &["'10.1.2.3/24'"], "1"),
        ("ipv4_is_private", &["'abc'"], "null"),
        ("ipv4_is_in_range", &["'192.168.1.7'", "'192.168.1.0/24'"], "1"),
        ("ipv4_is_in_any_range", &["'127.0.0.1'", "'[\"10.0.0.0/8\",\"127.0.0.0/8\"]'"], "1"),
        ("ipv4_is_in_any_of", &["'1.1.1.1'", "'10.0.0.0/8'", "'x'"], "0"),
        ("ipv4_is_match", &["'192.168.1.1/24'", "'192.168.1.255'"], "1"),
        ("ipv4_is_match", &["'192.168.1.1'", "'192.168.1.255'", "24"], "1"),
        ("ipv4_compare", &["'192.168.1.1'", "'192.168.1.255'"], "-1"),
        ("ipv4_netmask_suffix", &["'10.1.2.3/16'"], "16"),
        ("parse_ipv4", &["'192.1.168.2/24'"], "3221334016"),
        ("parse_ipv4_mask", &["'127.0.0.1'", "24"], "2130706432"),
        ("format_ipv4_long", &["3232236031", "24"], "192.168.1.0"),
        ("format_ipv4_mask", &["'192.168.1.255'", "24"], "192.168.1.0/24"),
        (
            "ipv4_range_to_cidr_list",
            &["'1.1.128.0'", "'1.1.140.255'"],
            "[\"1.1.128.0/21\",\"1.1.136.0/22\",\"1.1.140.0/24\"]",
        ),
        ("has_ipv4", &["'05:04:54 127.0.0.1 GET /'", "'127.0.0.1'"], "1"),
        ("has_ipv4", &["'x127.0.0.1'", "'127.0.0.1'"], "0"),
        ("has_ipv4", &["'127.0.0.1.2'", "'127.0.0.1'"], "0"),
        ("has_ipv4_prefix", &["'GET 10.1.2.3'", "'10.1.'"], "1"),
        ("has_any_ipv4_prefix_of", &["'GET 10.1.2.3'", "'10.2.'", "'10.'"], "1"),
        ("ipv6_is_match", &["'::ffff:7f00:1'", "'127.0.0.1'"], "1"),
        (
            "ipv6_is_in_range",
            &["'a5e:f127:8a9d:146d:e102:b5d3:c755:abcd'", "'a5e:f127:8a9d:146d:e102:b5d3:c755:0/112'"],
            "1",
        ),
        ("parse_ipv6", &["'127.0.0.1'"], "0000:0000:0000:0000:0000:ffff:7f00:0001"),
        ("parse_ipv6_mask", &["'fe80::85d:e82c:9446:7994'", "64"], "fe80:0000:0000:0000:0000:0000:0000:0000"),
    ]);
}

#[test]
fn texts_are_taken_apart() {
    check(&[
        (
            "parse_url",
            &["'https://user:pw@host.com:80/a/b?k=v&x=%20y#f'"],
            "{\"Scheme\":\"https\",\"Host\":\"host.com\",\"Port\":\"80\",\"Path\":\"/a/b\",\"Username\":\"user\",\"Password\":\"pw\",\"Query Parameters\":{\"k\":\"v\",\"x\":\" y\"},\"Fragment\":\"f\"}",
        ),
        (
            "parse_path",
            &[r"'C:\temp\x.tar.gz:ads'"],
            r#"{"Scheme":"","RootPath":"C:","DirectoryPath":"C:\\temp","DirectoryName":"temp","Filename":"x.tar.gz","Extension":"gz","AlternateDataStreamName":"ads"}"#,
        ),
        ("parse_version", &["'1.2.3.40'"], "1000000020000000300000040"),
        ("parse_version", &["'1.x'"], "null"),
        (
            "parse_command_line",
            &[r#"'echo "hello world!" a\\b \"q'"#, "'windows'"],
            r#"["echo","hello world!","a\\\\b","\"q"]"#,
        ),
        ("parse_command_line", &["'a'", "'linux'"], "null"),
        ("parse_csv", &[r#"'aa,"b,""b",cc'"#], r#"["aa","b,\"b","cc"]"#),
        (
            "parse_xml",
            &["'<?xml version=\"1.0\"?><e a=\"1\"><d n=\"x\">5 &lt; 6</d><d/>t</e>'"],
            "{\"e\":{\"@a\":\"1\",\"d\":[{\"@n\":\"x\",\"#text\":\"5 < 6\"},null],\"#text\":\"t\"}}",
        ),
        ("parse_xml", &["'<a><b></a>'"], "null"),
        ("extract_json", &["'$.a[0][''b c'']'", "'{\"a\":[{\"b c\":\"x\"}]}'"], "x"),
        ("extract_json", &["'$.z'", "'{}'"], ""),
        ("extract_json_dynamic", &["'$.a'", "'{\"a\":{\"b\":1}}'"], "{\"b\":1}"),
    ]);
}

#[test]
fn series_are_the_engines() {
    check(&[
        ("series_subtract", &["'[10,20]'", "'[10,5]'"], "[0,15]"),
        ("series_multiply", &["'[1.5,null]'", "'2'"], "[3.0,null]"),
        ("series_divide", &["'[1,1]'", "'[2,0]'"], "[0.5,\"Infinity\"]"),
        ("series_fill_forward", &["'[10,null,null,40]'"], "[10,10,10,40]"),
        ("series_fill_backward", &["'[null,30,0]'", "'0'"], "[30,30,0]"),
        ("series_fill_const", &["'[1,null]'", "'5'"], "[1,5]"),
        ("series_fill_linear", &["'[null,10.0,null,30]'"], "[10.0,10.0,20.0,30]"),
        ("series_fill_linear", &["'[null,111,null,36,null]'"], "[111,111,73,36,36]"),
        ("series_fill_linear", &["'[0,1,0,3,0]'", "'0'", "0"], "[0,1,2,3,0]"),
        ("series_dot_product", &["'[1,2,4]'", "'2'"], "14.0"),
        ("series_dot_product", &["'[]'", "'[]'"], "null"),
        ("series_stats_dynamic", &["'[1,null]'"], "null"),
        ("series_fir", &["'[5,15,10,20]'", "'[1,-1]'", "0", "0"], "[5.0,10.0,-5.0,10.0]"),
        ("series_fir", &["'[3,6,9]'", "'[1,1,1]'"], "[1.0,3.0,6.0]"),
        ("series_fir", &["'[3,6,9]'", "'[1,-1]'"], "[3.0,3.0,3.0]"),
        ("series_fir", &["'[3,6,9]'", "'[1,-1]'", "1"], "null"),
        ("series_iir", &["'[1,1,1]'", "'[1]'", "'[1,-1]'"], "[1.0,2.0,3.0]"),
        (
            "series_stats_dynamic",
            &["'[10,20]'"],
            "{\"min\":10.0,\"min_idx\":0,\"max\":20.0,\"max_idx\":1,\"avg\":15.0,\"stdev\":7.0710678118654759,\"variance\":50.0,\"sum\":30.0,\"len\":2}",
        ),
        (
            "series_fit_line_dynamic",
            &["'[1,3,5]'"],
            "{\"rsquare\":1.0,\"slope\":2.0,\"variance\":4.0,\"rvariance\":0.0,\"interception\":-1.0,\"line_fit\":[1.0,3.0,5.0]}",
        ),
        ("series_outliers", &["'[1,1,1,1]'"], "[0.0,0.0,0.0,0.0]"),
        ("series_greater", &["'[1,3]'", "'2'"], "[false,true]"),
        ("series_cosine_similarity", &["'[1,0]'", "'[0,1]'"], "0.0"),
        ("series_pearson_correlation", &["'[1,2,3]'", "'[2,4,6]'"], "1.0"),
    ]);
}
