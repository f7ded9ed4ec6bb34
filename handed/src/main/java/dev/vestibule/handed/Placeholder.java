package dev.vestibule.handed; final class Placeholder { private Placeholder() {} }
