package dev.vestibule.cli; final class Placeholder { private Placeholder() {} }
