package dev.sluice.database;

/** The names of the conditions that errors of rows have, PostgreSQL's appendix A, "PostgreSQL Error Codes". */
final class Condition {
    private Condition() {}

    /** Its name; of its class where it has none of its own. */
    static String name(String sqlState) {
        return switch (sqlState) {
            case "22000" -> "data_exception";
            case "2202E" -> "array_subscript_error";
            case "22021" -> "character_not_in_repertoire";
            case "22008" -> "datetime_field_overflow";
            case "22012" -> "division_by_zero";
            case "22005" -> "error_in_assignment";
            case "2200B" -> "escape_character_conflict";
            case "22022" -> "indicator_overflow";
            case "22015" -> "interval_field_overflow";
            case "2201E" -> "invalid_argument_for_logarithm";
            case "22014" -> "invalid_argument_for_ntile_function";
            case "22016" -> "invalid_argument_for_nth_value_function";
            case "2201F" -> "invalid_argument_for_power_function";
            case "2201G" -> "invalid_argument_for_width_bucket_function";
            case "22018" -> "invalid_character_value_for_cast";
            case "22007" -> "invalid_datetime_format";
            case "22019" -> "invalid_escape_character";
            case "2200D" -> "invalid_escape_octet";
            case "22025" -> "invalid_escape_sequence";
            case "22P06" -> "nonstandard_use_of_escape_character";
            case "22010" -> "invalid_indicator_parameter_value";
            case "22023" -> "invalid_parameter_value";
            case "22013" -> "invalid_preceding_or_following_size";
            case "2201B" -> "invalid_regular_expression";
            case "2201W" -> "invalid_row_count_in_limit_clause";
            case "2201X" -> "invalid_row_count_in_result_offset_clause";
            case "2202H" -> "invalid_tablesample_argument";
            case "2202G" -> "invalid_tablesample_repeat";
            case "22009" -> "invalid_time_zone_displacement_value";
            case "2200C" -> "invalid_use_of_escape_character";
            case "2200G" -> "most_specific_type_mismatch";
            case "22004" -> "null_value_not_allowed";
            case "22002" -> "null_value_no_indicator_parameter";
            case "22003" -> "numeric_value_out_of_range";
            case "2200H" -> "sequence_generator_limit_exceeded";
            case "22026" -> "string_data_length_mismatch";
            case "22001" -> "string_data_right_truncation";
            case "22011" -> "substring_error";
            case "22027" -> "trim_error";
            case "22024" -> "unterminated_c_string";
            case "2200F" -> "zero_length_character_string";
            case "22P01" -> "floating_point_exception";
            case "22P02" -> "invalid_text_representation";
            case "22P03" -> "invalid_binary_representation";
            case "22P04" -> "bad_copy_file_format";
            case "22P05" -> "untranslatable_character";
            case "2200L" -> "not_an_xml_document";
            case "2200M" -> "invalid_xml_document";
            case "2200N" -> "invalid_xml_content";
            case "2200S" -> "invalid_xml_comment";
            case "2200T" -> "invalid_xml_processing_instruction";
            case "22030" -> "duplicate_json_object_key_value";
            case "22031" -> "invalid_argument_for_sql_json_datetime_function";
            case "22032" -> "invalid_json_text";
            case "22033" -> "invalid_sql_json_subscript";
            case "22034" -> "more_than_one_sql_json_item";
            case "22035" -> "no_sql_json_item";
            case "22036" -> "non_numeric_sql_json_item";
            case "22037" -> "non_unique_keys_in_a_json_object";
            case "22038" -> "singleton_sql_json_item_required";
            case "22039" -> "sql_json_array_not_found";
            case "2203A" -> "sql_json_member_not_found";
            case "2203B" -> "sql_json_number_not_found";
            case "2203C" -> "sql_json_object_not_found";
            case "2203D" -> "too_many_json_array_elements";
            case "2203E" -> "too_many_json_object_members";
            case "2203F" -> "sql_json_scalar_required";
            case "2203G" -> "sql_json_item_cannot_be_cast_to_target_type";
            case "23000" -> "integrity_constraint_violation";
            case "23001" -> "restrict_violation";
            case "23502" -> "not_null_violation";
            case "23503" -> "foreign_key_violation";
            case "23505" -> "unique_violation";
            case "23514" -> "check_violation";
            case "23P01" -> "exclusion_violation";
            case "44000" -> "with_check_option_violation";
            case "P0001" -> "raise_exception";
            default -> ofClass(sqlState);
        };
    }

    private static String ofClass(String sqlState) {
        return switch (sqlState.substring(0, Math.min(2, sqlState.length()))) {
            case "22" -> "data_exception";
            case "23" -> "integrity_constraint_violation";
            case "44" -> "with_check_option_violation";
            default -> "a condition of a name of its own";
        };
    }
}
