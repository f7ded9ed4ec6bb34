package dev.vestibule.elf; final class Placeholder { private Placeholder() {} }
