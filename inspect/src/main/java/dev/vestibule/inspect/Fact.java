package dev.vestibule.inspect;

import java.util.Map;

/**
 * What is one thing to know about an image?
 *
 * @param kind such as {@code symbol}
 * @param key what it is about, by which two images are compared; unique within its kind
 * @param values field -> number, text or list of texts, in the order to be shown
 * @param text the fact as a line
 */
public record Fact(String kind, String key, Map<String, Object> values, String text) {}
