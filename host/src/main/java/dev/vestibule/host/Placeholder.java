package dev.vestibule.host; final class Placeholder { private Placeholder() {} }
